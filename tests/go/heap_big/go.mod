module heap_big

go 1.21
