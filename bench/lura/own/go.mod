module example.com/own

go 1.26

require (
	github.com/luraproject/lura/v2 v2.14.1
	golang.org/x/text v0.34.0
)
