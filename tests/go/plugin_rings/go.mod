module example.com/rings

go 1.24
