// A plugin with objects of its own.
package main

import (
	"heap_lost/common"
	"heap_lost/shared"
)

// Part is 32 bytes; two make a ring.
type Part struct {
	peer *Part
	rest [3]uint64
}

var (
	// Held is this plugin's alone.
	Held *common.Node
	// Ring is a ring of this plugin's own type.
	Ring *Part
)

// Plant fills the variables and gives the host objects of this plugin's type.
func Plant() any {
	shared.Count++
	Held = common.Chain(250)
	Ring = &Part{}
	Ring.peer = &Part{peer: Ring}
	return [4]*Part{{}, {}, {}, {}}
}

// Kept gives the address of the variable of that name.
func Kept() **common.Node { return &common.Kept }

// Later gives the same for what is set last.
func Later() **common.Node { return &common.Later.List }

// Chain makes nodes.
func Chain(n int) *common.Node { return common.Chain(n) }

func main() {}
