// Puts, watches, leases, locks and elections from clients that come and go.
package main

import (
	"context"
	"fmt"
	"math/rand"
	"os"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
)

func one(addr string, n int, end time.Time) {
	rnd := rand.New(rand.NewSource(int64(n)))
	for time.Now().Before(end) {
		c, err := clientv3.New(clientv3.Config{Endpoints: []string{addr}, DialTimeout: time.Second})
		if err != nil {
			fmt.Println(err)
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(500+rnd.Intn(3000))*time.Millisecond)
		for w := 0; w < 5; w++ {
			ch := c.Watch(ctx, fmt.Sprint("k", w), clientv3.WithPrefix())
			go func() {
				for range ch {
				}
			}()
		}
		l, err := c.Grant(ctx, 5)
		if err == nil {
			if n%2 == 0 {
				c.KeepAlive(ctx, l.ID)
			}
			for i := 0; ctx.Err() == nil; i++ {
				k := fmt.Sprint("k", rnd.Intn(500))
				c.Put(ctx, k, fmt.Sprint("v", i), clientv3.WithLease(l.ID))
				c.Get(ctx, "k", clientv3.WithPrefix(), clientv3.WithLimit(20))
				if i%20 == 0 {
					if s, err := concurrency.NewSession(c, concurrency.WithTTL(2), concurrency.WithContext(ctx)); err == nil {
						m := concurrency.NewMutex(s, "/lock")
						if m.TryLock(ctx) == nil && n%3 == 0 {
							m.Unlock(ctx)
						}
						if n%4 == 0 {
							s.Close()
						}
					}
				}
			}
		}
		cancel()
		if n%5 != 0 {
			c.Close() // the others leave their connections open
		}
	}
}

func main() {
	d, _ := time.ParseDuration(os.Args[2])
	end := time.Now().Add(d)
	var wg sync.WaitGroup
	for i := 0; i < 12; i++ {
		wg.Add(1)
		go func() { defer wg.Done(); one(os.Args[1], i, end) }()
	}
	wg.Wait()
	fmt.Println("idle")
	time.Sleep(time.Minute)
}
