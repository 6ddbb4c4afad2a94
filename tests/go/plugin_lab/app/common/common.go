// Package common is shared by plugins; the host does not know it.
package common

// Kept holds what the plugins keep.
var Kept *int
