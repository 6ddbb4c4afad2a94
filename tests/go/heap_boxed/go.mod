module example.com/heap_boxed

go 1.21
