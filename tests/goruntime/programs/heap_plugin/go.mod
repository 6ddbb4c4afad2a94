module heap_plugin

go 1.21
