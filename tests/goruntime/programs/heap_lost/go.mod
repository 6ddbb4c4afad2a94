module heap_lost

go 1.21
