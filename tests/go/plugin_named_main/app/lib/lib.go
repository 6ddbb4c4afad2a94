// Package lib is shared.
package lib

// Count is one variable for the whole process.
var Count = 1
