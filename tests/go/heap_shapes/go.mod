module heap_shapes

go 1.21
