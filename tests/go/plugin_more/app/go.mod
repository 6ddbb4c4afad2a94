module example.com/more

go 1.24

require (
	example.com/base v1.0.0
	example.com/dep v1.0.0
)

replace example.com/base => ../base

replace example.com/dep => ../dep
