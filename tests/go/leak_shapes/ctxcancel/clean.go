package ctxcancel

import (
	"context"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"example.com/leakshapes/payload"
)

// Deferred cancels when it leaves.
//
//shape:collected
func Deferred() {
	ctx, cancel := context.WithCancel(requestContext(app))
	defer cancel()
	_ = work(ctx)
}

// BackgroundParent drops the cancel, and nobody knows the child.
//
//shape:collected
func BackgroundParent() {
	ctx, _ := context.WithCancel(requestContext(context.Background()))
	_ = work(ctx)
}

// TodoParent is the same.
//
//shape:collected
func TodoParent() {
	ctx, _ := context.WithCancel(requestContext(context.TODO()))
	_ = work(ctx)
}

// WithoutCancelParent is cut off from the parent that lives.
//
//shape:collected
func WithoutCancelParent() {
	ctx, _ := context.WithCancel(requestContext(context.WithoutCancel(app)))
	_ = work(ctx)
}

// ShortTimeout is let go by the clock.
//
//shape:collected
func ShortTimeout() {
	ctx, _ := context.WithTimeout(requestContext(app), 5*time.Millisecond)
	_ = work(ctx)
}

// ParentCancelled drops the child's cancel, and the parent is cancelled by a defer.
//
//shape:collected
func ParentCancelled() {
	parent, cancel := context.WithCancel(app)
	defer cancel()
	ctx, _ := context.WithCancel(requestContext(parent))
	_ = work(ctx)
}

// ParentDropped drops both: nobody else knows the parent.
//
//shape:collected
func ParentDropped() {
	parent, _ := context.WithCancel(context.Background())
	ctx, _ := context.WithCancel(requestContext(parent))
	_ = work(ctx)
}

// ValueOnly derives no child that can be cancelled.
//
//shape:collected
func ValueOnly() { _ = work(requestContext(app)) }

// ByField cancels by the method that is called.
//
//shape:collected
func ByField() {
	t := newTask(app)
	defer t.Stop()
}

// Returned gives the cancel to the caller, who calls it.
//
//shape:collected
func Returned() {
	ctx, cancel := derive(requestContext(app))
	defer cancel()
	_ = work(ctx)
}

// InGoroutine cancels in a goroutine.
//
//shape:collected
func InGoroutine() {
	ctx, cancel := context.WithCancel(requestContext(app))
	go func() {
		defer cancel()
		_ = work(ctx)
	}()
}

// EveryPath cancels whichever way it goes.
//
//shape:collected
//shape:alone
func EveryPath() {
	ctx, cancel := context.WithTimeout(requestContext(app), time.Hour)
	if err := fetch(ctx); err != nil {
		cancel()
		return
	}
	cancel()
}

// AfterFuncStopped stops what it registered.
//
//shape:collected
func AfterFuncStopped() {
	data := payload.New()
	stop := context.AfterFunc(app, func() { data.Use() })
	defer stop()
}

type closers struct{ all []func() }

func (c *closers) add(f func()) { c.all = append(c.all, f) }

func (c *closers) close() {
	for _, f := range c.all {
		f()
	}
}

// InSlice keeps cancels in a list and calls them all.
//
//shape:collected
func InSlice() {
	var c closers
	defer c.close()
	ctx, cancel := context.WithCancel(requestContext(app))
	c.add(cancel)
	_ = work(ctx)
}

// ByOnce cancels in a closure that sync.Once runs.
//
//shape:collected
func ByOnce() {
	ctx, cancel := context.WithCancel(requestContext(app))
	var once sync.Once
	defer once.Do(func() { cancel() })
	_ = work(ctx)
}

// PassedOn hands the cancel to one that calls it.
//
//shape:collected
func PassedOn() {
	ctx, cancel := context.WithCancel(requestContext(app))
	finish(ctx, cancel)
}

func finish(ctx context.Context, done func()) {
	_ = work(ctx)
	done()
}

// AfterFuncOfBackground waits for a context that is never done and that nobody holds.
//
//shape:collected
func AfterFuncOfBackground() {
	data := payload.New()
	context.AfterFunc(context.Background(), func() { data.Use() })
}

// SignalsStopped stops its context of signals.
//
//shape:collected
func SignalsStopped() {
	ctx, stop := signal.NotifyContext(requestContext(app), syscall.SIGUSR2)
	defer stop()
	_ = work(ctx)
}

// StoppedByCaller is told to stop by the one that made it.
//
//shape:collected
func StoppedByCaller() {
	t := newTask(app)
	t.Stop()
}
