module heap_queues

go 1.21
