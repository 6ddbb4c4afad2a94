module example.com/heap_waits

go 1.21
