module example.com/heap_processors

go 1.21
