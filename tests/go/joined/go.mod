module example.com/joined

go 1.21
