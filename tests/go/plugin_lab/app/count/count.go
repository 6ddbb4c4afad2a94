// Count is a second plugin with the same shared package.
package main

import "example.com/shared"

// Next counts on.
func Next() int { shared.Count++; return shared.Count }

func main() {}
