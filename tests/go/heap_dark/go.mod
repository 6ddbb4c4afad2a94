module example.com/heap_dark

go 1.21
