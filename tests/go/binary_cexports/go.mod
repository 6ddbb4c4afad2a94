module example.com/cexports

go 1.21
