package org.hybridrank.call;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.hybridrank.call.Breaker.State;
import org.junit.jupiter.api.Test;

class BreakerTest {
    private final AtomicLong now = new AtomicLong(1_000);
    private final Breaker breaker = new Breaker(3, 100, now::get);

    private void fail(int times) {
        for (int n = 0; n < times; n++) {
            assertTrue(breaker.allows());
            breaker.failed();
        }
    }

    @Test
    void staysClosedBelowTheThreshold() {
        fail(2);
        assertEquals(State.CLOSED, breaker.state());
        assertTrue(breaker.allows());
    }

    @Test
    void anAnswerInBetweenCountsFromTheBeginning() {
        fail(2);
        assertTrue(breaker.allows());
        breaker.succeeded();
        fail(2);
        assertEquals(State.CLOSED, breaker.state());
    }

    @Test
    void opensAfterFailuresInARowAndSendsNothing() {
        fail(3);
        assertEquals(State.OPEN, breaker.state());
        assertFalse(breaker.allows());
        assertEquals(1, breaker.opened());
    }

    @Test
    void afterThePauseOneCallIsLetThrough() {
        fail(3);
        now.addAndGet(100);
        assertEquals(State.HALF_OPEN, breaker.state());
        assertTrue(breaker.allows());
        assertFalse(breaker.allows());
    }

    @Test
    void itsAnswerCloses() {
        fail(3);
        now.addAndGet(100);
        assertTrue(breaker.allows());
        breaker.succeeded();
        assertEquals(State.CLOSED, breaker.state());
        assertTrue(breaker.allows());
    }

    @Test
    void itsFailureBeginsAnotherPause() {
        fail(3);
        now.addAndGet(100);
        assertTrue(breaker.allows());
        breaker.failed();
        assertFalse(breaker.allows());
        now.addAndGet(99);
        assertFalse(breaker.allows());
        now.addAndGet(1);
        assertTrue(breaker.allows());
        assertEquals(2, breaker.opened());
    }

    @Test
    void failuresOfCallsThatWereUnderWayDoNotProlongThePause() {
        for (int n = 0; n < 5; n++) {
            assertTrue(breaker.allows());
        }
        for (int n = 0; n < 3; n++) {
            breaker.failed();
        }
        now.addAndGet(50);
        breaker.failed();
        breaker.failed();
        now.addAndGet(50);
        assertTrue(breaker.allows());
    }

    @Test
    void ofManyThreadsOneProbes() throws Exception {
        fail(3);
        now.addAndGet(100);
        AtomicInteger through = new AtomicInteger();
        CountDownLatch go = new CountDownLatch(1);
        ExecutorService threads = Executors.newFixedThreadPool(8);
        for (int n = 0; n < 8; n++) {
            threads.execute(() -> {
                try {
                    go.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                if (breaker.allows()) {
                    through.incrementAndGet();
                }
            });
        }
        go.countDown();
        threads.shutdown();
        assertTrue(threads.awaitTermination(60, TimeUnit.SECONDS));
        assertEquals(1, through.get());
    }
}
