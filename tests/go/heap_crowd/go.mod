module example.com/heap_crowd

go 1.21
