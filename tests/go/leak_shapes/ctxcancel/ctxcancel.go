// Package ctxcancel has contexts whose cancel nobody calls, under parents that live, and some that let go.
package ctxcancel

import (
	"context"
	"errors"
	"os/signal"
	"syscall"
	"time"

	"example.com/leakshapes/payload"
)

type key struct{}

// app lives as long as the program, and can be cancelled: it knows its children.
var app, shutdown = context.WithCancel(context.Background())

// Shutdown ends the program's context.
func Shutdown() { shutdown() }

func requestContext(parent context.Context) context.Context {
	return context.WithValue(parent, key{}, payload.New())
}

func work(ctx context.Context) error { return ctx.Err() }

func fetch(context.Context) error { return errors.New("not found") }

// Discarded throws the cancel away.
//
//shape:leaks
func Discarded() {
	ctx, _ := context.WithCancel(requestContext(app)) // want ctx-cancel-never-called likely
	_ = work(ctx)
}

// Cause throws that of WithCancelCause away.
//
//shape:leaks
func Cause() {
	ctx, _ := context.WithCancelCause(requestContext(app)) // want ctx-cancel-never-called likely
	_ = work(ctx)
}

// EarlyReturn cancels on one path.
//
//shape:leaks
func EarlyReturn() {
	ctx, cancel := context.WithCancel(requestContext(app)) // want ctx-cancel-never-called likely
	if err := fetch(ctx); err != nil {
		return
	}
	cancel()
}

type task struct {
	data   *payload.Blob
	ctx    context.Context
	cancel context.CancelFunc
}

func (t *task) Stop() { t.cancel() }

func newTask(parent context.Context) *task {
	t := &task{data: payload.New()}
	t.ctx, t.cancel = context.WithCancel(context.WithValue(parent, key{}, t)) // want ctx-cancel-never-called possible
	return t
}

// InField keeps it in a field; a Stop would call it, and nobody calls Stop.
//
//shape:leaks
func InField() { newTask(app) }

type silent struct {
	data   *payload.Blob
	cancel context.CancelFunc
}

// InFieldUnused keeps it in a field that nothing ever reads.
//
//shape:leaks
func InFieldUnused() {
	s := &silent{data: payload.New()}
	_, s.cancel = context.WithCancel(context.WithValue(app, key{}, s)) // want ctx-cancel-never-called likely
}

// LongTimeout waits for the clock, whatever the parent.
//
//shape:leaks
func LongTimeout() {
	ctx, _ := context.WithTimeout(requestContext(context.Background()), time.Hour) // want ctx-cancel-never-called possible
	_ = work(ctx)
}

// LongDeadline is the same, told as a time.
//
//shape:leaks
func LongDeadline() {
	ctx, _ := context.WithDeadline(requestContext(app), time.Now().Add(time.Hour)) // want ctx-cancel-never-called likely
	_ = work(ctx)
}

// Overwritten loses the first of two.
//
//shape:leaks
func Overwritten() {
	ctx, cancel := context.WithCancel(requestContext(app)) // want ctx-cancel-never-called likely
	_ = work(ctx)
	ctx, cancel = context.WithCancel(app)
	defer cancel()
	_ = work(ctx)
}

// DeferInLoop overwrites the cancel each turn and calls the last.
//
//shape:leaks
func DeferInLoop() {
	var cancel context.CancelFunc
	for i := 0; i < 3; i++ {
		var ctx context.Context
		ctx, cancel = context.WithCancel(requestContext(app)) // want ctx-cancel-never-called possible
		_ = work(ctx)
		if i == 2 {
			cancel = nil
		}
	}
	if cancel != nil {
		cancel()
	}
}

// AfterFuncNotStopped registers with a parent that lives.
//
//shape:leaks
func AfterFuncNotStopped() {
	data := payload.New()
	context.AfterFunc(app, func() { data.Use() }) // want ctx-cancel-never-called possible
}

// Waiting has a goroutine that waits for the context that nobody cancels.
//
//shape:leaks
func Waiting() {
	ctx, cancel := context.WithCancel(context.Background())
	data := payload.New()
	go func() {
		<-ctx.Done() // want goroutine-blocked likely
		data.Use()
	}()
	if work(ctx) == nil {
		return
	}
	cancel()
}

// SignalContext never stops a context of signals.
//
//shape:leaks
func SignalContext() {
	_, _ = signal.NotifyContext(requestContext(app), syscall.SIGUSR2) // want ctx-cancel-never-called likely
}

// Derived has the parent as a parameter of a helper.
//
//shape:leaks
func Derived() {
	ctx, _ := derive(requestContext(app))
	_ = work(ctx)
}

func derive(parent context.Context) (context.Context, context.CancelFunc) {
	return context.WithCancel(parent) // want ctx-cancel-never-called possible of ctxcancel.Derived
}
