module heap_servers

go 1.21
