module heap_library

go 1.21
