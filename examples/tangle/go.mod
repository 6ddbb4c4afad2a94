module example.com/shop

go 1.24

require example.com/shop/tax v0.0.0

replace example.com/shop/tax => ./tax
