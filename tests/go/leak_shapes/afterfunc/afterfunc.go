// Package afterfunc has timers whose functions hold objects, until they fire.
package afterfunc

import (
	"runtime"
	"time"

	"example.com/leakshapes/payload"
)

type lease struct {
	data  *payload.Blob
	timer *time.Timer
	n     int
}

func (l *lease) expire() { l.data.Use() }

func (l *lease) stop() { l.timer.Stop() }

func newLease() *lease {
	l := &lease{data: payload.New()}
	l.timer = time.AfterFunc(time.Hour, l.expire) // want afterfunc-holds-object possible
	return l
}

// MethodValue waits an hour with the object in its hand; a stop nobody calls would end that.
//
//shape:leaks
func MethodValue() { newLease() }

// Closure captures the object, and nobody keeps the timer.
//
//shape:leaks
func Closure() {
	l := &lease{data: payload.New()}
	time.AfterFunc(24*time.Hour, func() { l.expire() }) // want afterfunc-holds-object possible
}

// StoppedByOwnFinalizer has a finalizer that would stop it.
//
//shape:leaks
func StoppedByOwnFinalizer() {
	l := &lease{data: payload.New()}
	l.timer = time.AfterFunc(time.Hour, l.expire) // want afterfunc-holds-object likely
	runtime.SetFinalizer(l, (*lease).stop)
}

func (l *lease) renew() {
	l.n++
	l.timer = time.AfterFunc(10*time.Millisecond, l.renew) // want afterfunc-holds-object likely
}

// RenewsItself starts its timer anew each time it fires.
//
//shape:leaks
func RenewsItself() {
	l := &lease{data: payload.New()}
	l.renew()
}

func (l *lease) tick() {
	l.n++
	l.timer.Reset(10 * time.Millisecond)
}

// Resets resets its timer each time it fires.
//
//shape:leaks
func Resets() {
	l := &lease{data: payload.New()}
	ready := make(chan struct{})
	l.timer = time.AfterFunc(time.Millisecond, func() { // want afterfunc-holds-object likely
		<-ready
		l.tick()
	})
	close(ready)
}

// StoppedOnOnePath leaves before Stop.
//
//shape:leaks
func StoppedOnOnePath() {
	l := &lease{data: payload.New()}
	t := time.AfterFunc(time.Hour, l.expire) // want afterfunc-holds-object possible
	if l.n == 0 {
		return
	}
	t.Stop()
}

// Stopped stops it when it leaves.
//
//shape:collected
//shape:alone
func Stopped() {
	l := newLease()
	defer l.stop()
}

// Fires lets go by itself, soon.
//
//shape:collected
func Fires() {
	l := &lease{data: payload.New()}
	time.AfterFunc(5*time.Millisecond, l.expire)
}

// NoObject captures nothing of it.
//
//shape:collected
func NoObject() {
	l := &lease{data: payload.New()}
	n := l.n
	l.timer = time.AfterFunc(time.Hour, func() { println(n) })
}

// WrapperStops has a wrapper with a finalizer that stops it, and the function holds what is inside.
//
//shape:collected
//shape:alone
func WrapperStops() {
	type outer struct{ *lease }
	o := &outer{newLease()}
	runtime.SetFinalizer(o, func(o *outer) { o.stop() })
}

// StoppedByHand keeps the timer in a variable.
//
//shape:collected
//shape:alone
func StoppedByHand() {
	l := &lease{data: payload.New()}
	t := time.AfterFunc(time.Hour, l.expire)
	l.expire()
	t.Stop()
}

func (l *lease) renewSome() {
	l.n++
	if l.n < 3 {
		l.timer = time.AfterFunc(time.Millisecond, l.renewSome)
	}
}

// RenewsSome starts its timer anew a few times.
//
//shape:collected
func RenewsSome() {
	l := &lease{data: payload.New()}
	l.renewSome()
}

func (l *lease) renewUntil() {
	if l.n > 2 {
		return
	}
	l.n++
	l.timer = time.AfterFunc(time.Millisecond, l.renewUntil)
}

// RenewsUntil leaves before it starts the timer anew, in the end.
//
//shape:collected
func RenewsUntil() {
	l := &lease{data: payload.New()}
	l.renewUntil()
}

// ResetsSome resets its timer a few times.
//
//shape:collected
func ResetsSome() {
	l := &lease{data: payload.New()}
	ready := make(chan struct{})
	l.timer = time.AfterFunc(time.Millisecond, func() {
		<-ready
		if l.n < 3 {
			l.tick()
		}
	})
	close(ready)
}
