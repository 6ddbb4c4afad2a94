//go:build newer

package shared

// Newer makes it another version of the package.
func Newer() int { return Count }
