package blocked

import (
	"context"
	"sync"
	"time"

	"example.com/leakshapes/payload"
)

// BufferedSend has room for the late result.
//
//shape:collected
func BufferedSend() {
	result := make(chan *payload.Blob, 1)
	data := compute()
	go func() {
		time.Sleep(2 * time.Millisecond)
		result <- data
	}()
	select {
	case <-result:
	case <-time.After(time.Microsecond):
	}
}

// Received receives it.
//
//shape:collected
func Received() {
	ch := make(chan *payload.Blob)
	data := compute()
	go func() { ch <- data }()
	<-ch
}

// ClosedByDefer closes the channel when it leaves.
//
//shape:collected
func ClosedByDefer() {
	jobs := make(chan int)
	defer close(jobs)
	data := payload.New()
	go func() {
		for range jobs {
			data.Use()
		}
		data.Use()
	}()
	jobs <- 1
}

// Stopped stops its worker.
//
//shape:collected
func Stopped() {
	p := &pool{data: payload.New(), jobs: make(chan func()), quit: make(chan struct{})}
	go p.work()
	p.jobs <- func() {}
	p.Stop()
}

// CancelledByDefer waits for a context that is cancelled here.
//
//shape:collected
func CancelledByDefer() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	data := payload.New()
	go func() {
		<-ctx.Done()
		data.Use()
	}()
}

// SelectWithCancel sends, or leaves when the receiver has.
//
//shape:collected
func SelectWithCancel() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ch := make(chan *payload.Blob)
	data := compute()
	go func() {
		select {
		case ch <- data:
		case <-ctx.Done():
		}
	}()
}

// SelectDefault drops what nobody takes.
//
//shape:collected
func SelectDefault() {
	ch := make(chan *payload.Blob)
	data := compute()
	go func() {
		select {
		case ch <- data:
		default:
		}
	}()
}

// TimesOut gives up by itself.
//
//shape:collected
func TimesOut() {
	done := make(chan struct{})
	data := payload.New()
	go func() {
		select {
		case <-done:
		case <-time.After(3 * time.Millisecond):
		}
		data.Use()
	}()
}

// WaitGroupWhole waits for as many as there are.
//
//shape:collected
func WaitGroupWhole() {
	var wg sync.WaitGroup
	data := payload.New()
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			data.Use()
		}()
	}
	go func() {
		wg.Wait()
		data.Use()
	}()
}

// ClosedWhenAllDone closes the results after the last sender.
//
//shape:collected
func ClosedWhenAllDone() {
	results := make(chan *payload.Blob)
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			results <- payload.New()
		}()
	}
	go func() {
		wg.Wait()
		close(results)
	}()
	for r := range results {
		r.Use()
	}
}

// Broadcast wakes everybody, whoever waits already or not.
//
//shape:collected
func Broadcast() {
	var mu sync.Mutex
	c := sync.NewCond(&mu)
	ready := false
	data := payload.New()
	go func() {
		mu.Lock()
		for !ready {
			c.Wait()
		}
		mu.Unlock()
		data.Use()
	}()
	mu.Lock()
	ready = true
	c.Broadcast()
	mu.Unlock()
}

func generateUntil(stop <-chan struct{}, data *payload.Blob) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for i := 0; ; i++ {
			select {
			case out <- i:
			case <-stop:
				data.Use()
				return
			}
		}
	}()
	return out
}

// GeneratorStopped tells its generator to stop.
//
//shape:collected
func GeneratorStopped() {
	stop := make(chan struct{})
	<-generateUntil(stop, payload.New())
	close(stop)
}

// PipelineDrained reads to the end.
//
//shape:collected
func PipelineDrained() {
	in := make(chan int, 2)
	in <- 1
	in <- 2
	close(in)
	for range square(in, payload.New()) {
	}
}

// TickerStopped leaves its loop by a channel.
//
//shape:collected
func TickerStopped() {
	stop := make(chan struct{})
	data := payload.New()
	go func() {
		t := time.NewTicker(time.Hour)
		defer t.Stop()
		for {
			select {
			case <-t.C:
			case <-stop:
				data.Use()
				return
			}
		}
	}()
	close(stop)
}

// UnlockedByDefer holds the mutex for a while.
//
//shape:collected
func UnlockedByDefer() {
	var mu sync.Mutex
	data := payload.New()
	for i := 0; i < 2; i++ {
		go func() {
			mu.Lock()
			defer mu.Unlock()
			data.Use()
		}()
	}
}

func drain(ch <-chan *payload.Blob) {
	for b := range ch {
		b.Use()
	}
}

// ReceivedByCallee passes the channel to one that receives.
//
//shape:collected
func ReceivedByCallee() {
	ch := make(chan *payload.Blob)
	go drain(ch)
	ch <- payload.New()
	close(ch)
}

type service struct {
	data *payload.Blob
	quit chan struct{}
	once sync.Once
}

func (s *service) loop() {
	<-s.quit
	s.data.Use()
}

func (s *service) Shutdown() { s.once.Do(func() { close(s.quit) }) }

// ShutDownByOnce closes in a closure of sync.Once, in a method, by a defer.
//
//shape:collected
func ShutDownByOnce() {
	s := &service{data: payload.New(), quit: make(chan struct{})}
	go s.loop()
	defer s.Shutdown()
}

// SentInBranches sends whichever way it goes.
//
//shape:collected
func SentInBranches() {
	errs := make(chan error)
	data := payload.New()
	go func() {
		<-errs
		data.Use()
	}()
	if err := failing(); err != nil {
		errs <- err
		return
	}
	errs <- nil
}
