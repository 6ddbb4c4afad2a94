// Package shared is in the host and in every plugin.
package shared

// Count says that somebody is there.
var Count int
