//go:build extra

package shared

// Extra changes the interface.
type Extra struct{ State }
