// Package shared is what host and plugins have in common; one method more than v1.0.0.
package shared

// Greeter greets.
type Greeter interface {
	Greet(name string) string
	Leave() string
}

// Count is one variable for the whole process.
var Count = 1
