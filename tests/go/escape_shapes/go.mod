module example.com/escapeshapes

go 1.21
