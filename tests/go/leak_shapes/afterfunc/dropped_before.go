//go:build !go1.23

package afterfunc

import (
	"time"

	"example.com/leakshapes/payload"
)

// DroppedTimerBefore drops a timer with a channel: before Go 1.23 the runtime holds it until it fires.
//
//shape:leaks
func DroppedTimerBefore() {
	payload.Watch(time.NewTimer(time.Hour)) // want afterfunc-holds-object note
}

// DroppedTickerBefore drops a ticker, which fires for ever.
//
//shape:leaks
func DroppedTickerBefore() {
	payload.Watch(time.NewTicker(time.Hour)) // want afterfunc-holds-object note
}
