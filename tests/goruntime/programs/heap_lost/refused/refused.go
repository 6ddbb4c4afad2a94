// A plugin that is built with another version of the shared package.
package main

import (
	"heap_lost/common"
	"heap_lost/shared"
)

// Keep keeps nothing; it names both variables, so that the linker leaves them in.
func Keep() (*common.Node, *common.Node) { shared.Count++; return common.Kept, common.Later.List }

func main() {}
