module example.com/dep

go 1.24

require example.com/base v1.0.0
