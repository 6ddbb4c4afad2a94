module example.com/proxied

go 1.24

require (
	rsc.io/quote v1.5.2
	rsc.io/quote/v3 v3.1.0
)

require (
	golang.org/x/text v0.3.0 // indirect
	rsc.io/sampler v1.3.0 // indirect
)
