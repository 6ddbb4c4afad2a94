module example.com/leakshapes

go 1.21
