module example.com/lab

go 1.21

require example.com/shared v1.1.0

replace example.com/shared v1.0.0 => ../shared_v1

replace example.com/shared v1.1.0 => ../shared_v2
