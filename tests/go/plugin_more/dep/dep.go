// Package dep builds on base: what changes base's types changes dep's export data.
package dep

import "example.com/base"

// Shape embeds a type of base.
type Shape struct{ base.Point }

// Area calls what base inlines.
func (s Shape) Area() int { return s.Sum() * 2 }
