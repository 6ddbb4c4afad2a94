// Package codec is the far side of a registration: it knows its codecs by what they register in init functions.
package codec

// Codec encodes.
type Codec interface{ Encode() byte }

var byName = map[string]Codec{}
var fallbacks []func() Codec

// Register is for init functions.
func Register(name string, c Codec) { byName[name] = c }

// RegisterFallback is for init functions.
func RegisterFallback(f func() Codec) { fallbacks = append(fallbacks, f) }

// Encode uses a codec by name.
func Encode(name string) byte {
	if c := byName[name]; c != nil {
		return c.Encode()
	}
	return 0
}
