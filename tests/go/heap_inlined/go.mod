module example.com/heap_inlined

go 1.22
