// Package blocked has goroutines that wait for ever for what nobody else reaches, and some that only look like it.
package blocked

import (
	"context"
	"errors"
	"sync"
	"time"

	"example.com/leakshapes/payload"
)

var errSlow = errors.New("slow")

func compute() *payload.Blob { return payload.New() }

func failing() error { return errSlow }

// SendAfterTimeout is what everybody writes once: the receiver has left when the result comes.
//
//shape:leaks
func SendAfterTimeout() {
	result := make(chan *payload.Blob)
	data := compute()
	go func() {
		time.Sleep(5 * time.Millisecond)
		result <- data // want goroutine-blocked likely
	}()
	select {
	case <-result:
	case <-time.After(time.Microsecond):
	}
}

// SendNobodyReceives has no receiver at all.
//
//shape:leaks
func SendNobodyReceives() {
	ch := make(chan *payload.Blob)
	data := compute()
	go func() { ch <- data }() // want goroutine-blocked certain
}

// ReceiveNobodySends waits for a signal that nobody gives.
//
//shape:leaks
func ReceiveNobodySends() {
	done := make(chan struct{})
	data := payload.New()
	go func() {
		<-done // want goroutine-blocked certain
		data.Use()
	}()
}

// RangeNeverClosed ranges over a channel that is never closed.
//
//shape:leaks
func RangeNeverClosed() {
	jobs := make(chan int)
	data := payload.New()
	go func() {
		for range jobs { // want goroutine-blocked certain
			data.Use()
		}
	}()
	jobs <- 1
	jobs <- 2
}

// EarlyReturn leaves before it receives.
//
//shape:leaks
func EarlyReturn() {
	ch := make(chan *payload.Blob)
	data := compute()
	go func() { ch <- data }() // want goroutine-blocked likely
	if failing() != nil {
		return
	}
	<-ch
}

// SecondSend has room for one result, two that send, and nobody who stays to receive.
//
//shape:leaks
func SecondSend() {
	ch := make(chan *payload.Blob, 1)
	for i := 0; i < 2; i++ {
		data := compute()
		go func() {
			ch <- data // want goroutine-blocked likely
			data.Use()
		}()
	}
	if failing() != nil {
		return
	}
	<-ch
	<-ch
}

// NilChannel receives from a channel that was never made.
//
//shape:leaks
func NilChannel() {
	var ch chan int
	data := payload.New()
	go func() {
		<-ch // want goroutine-blocked certain
		data.Use()
	}()
}

// EmptySelect parks for ever.
//
//shape:leaks
func EmptySelect() {
	data := payload.New()
	go func() {
		defer data.Use()
		select {} // want goroutine-blocked certain
	}()
}

// WaitGroupShort waits for one Done more than there is.
//
//shape:leaks
func WaitGroupShort() {
	var wg sync.WaitGroup
	data := payload.New()
	wg.Add(2)
	go func() { wg.Done() }()
	go func() {
		wg.Wait() // want goroutine-blocked likely
		data.Use()
	}()
}

// LockTwice locks a mutex that it holds.
//
//shape:leaks
func LockTwice() {
	var mu sync.Mutex
	data := payload.New()
	go func() {
		mu.Lock()
		mu.Lock() // want goroutine-blocked likely
		data.Use()
	}()
}

// CondNeverSignalled waits on a condition that nobody signals.
//
//shape:leaks
func CondNeverSignalled() {
	var mu sync.Mutex
	c := sync.NewCond(&mu)
	data := payload.New()
	go func() {
		mu.Lock()
		c.Wait() // want goroutine-blocked likely
		mu.Unlock()
		data.Use()
	}()
}

// EachWaitsForTheOther is a ring of two goroutines.
//
//shape:leaks
func EachWaitsForTheOther() {
	a, b := make(chan int), make(chan int)
	data := payload.New()
	go func() {
		<-a // want goroutine-blocked likely
		b <- 1
		data.Use()
	}()
	go func() {
		<-b // want goroutine-blocked likely
		a <- 1
		data.Use()
	}()
}

// SelectOfDead waits for one of two that are both dead.
//
//shape:leaks
func SelectOfDead() {
	quit, work := make(chan struct{}), make(chan int)
	data := payload.New()
	go func() {
		for {
			select { // want goroutine-blocked certain
			case <-work:
				data.Use()
			case <-quit:
				return
			}
		}
	}()
}

type pool struct {
	data *payload.Blob
	jobs chan func()
	quit chan struct{}
}

func (p *pool) work() {
	for {
		select { // want goroutine-blocked likely
		case job := <-p.jobs:
			job()
		case <-p.quit:
			p.data.Use()
			return
		}
	}
}

func (p *pool) Stop() { close(p.quit) }

// StopNeverCalled drops a worker that has a Stop.
//
//shape:leaks
func StopNeverCalled() {
	p := &pool{data: payload.New(), jobs: make(chan func()), quit: make(chan struct{})}
	go p.work()
}

func generate(data *payload.Blob) <-chan int {
	out := make(chan int)
	go func() {
		for i := 0; ; i++ {
			out <- i // want goroutine-blocked likely
			data.Use()
		}
	}()
	return out
}

// GeneratorAbandoned takes the first value of an endless generator.
//
//shape:leaks
func GeneratorAbandoned() { <-generate(payload.New()) }

func square(in <-chan int, data *payload.Blob) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for n := range in {
			out <- n * n // want goroutine-blocked likely
		}
		data.Use()
	}()
	return out
}

// PipelineAbandoned reads one value of a pipeline of two stages.
//
//shape:leaks
func PipelineAbandoned() {
	in := make(chan int, 3)
	in <- 1
	in <- 2
	in <- 3
	close(in)
	data := payload.New()
	<-square(square(in, data), data)
}

// SemaphoreNotReleased takes a place and never gives it back.
//
//shape:leaks
func SemaphoreNotReleased() {
	sem := make(chan struct{}, 1)
	data := payload.New()
	for i := 0; i < 2; i++ {
		go func() {
			sem <- struct{}{} // want goroutine-blocked likely
			if failing() != nil {
				sem <- struct{}{}
			}
			<-sem
			data.Use()
		}()
	}
}

// TickerLoop runs for ever by a ticker that nobody stops.
//
//shape:leaks
func TickerLoop() {
	data := payload.New()
	t := time.NewTicker(time.Hour)
	go func() {
		for range t.C { // want goroutine-blocked possible
			data.Use()
		}
	}()
}

// DoneOfBackground waits for a context that nothing can cancel.
//
//shape:leaks
func DoneOfBackground() {
	ctx := context.Background()
	data := payload.New()
	go func() {
		<-ctx.Done() // want goroutine-blocked certain
		data.Use()
	}()
}

// PanicSkipsSend loses the sender to a return.
//
//shape:leaks
func PanicSkipsSend() {
	ch := make(chan int)
	data := payload.New()
	go func() {
		if failing() != nil {
			return
		}
		ch <- 1
	}()
	go func() {
		<-ch // want goroutine-blocked likely
		data.Use()
	}()
}
