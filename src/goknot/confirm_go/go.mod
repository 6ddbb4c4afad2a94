module goknot/confirm

go 1.21
