package io.vivarium.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DescriptorsTest {
  @TempDir Path folder;

  @Test
  void errorsAreNamed() {
    ErrnoException failure =
        catchThrowableOfType(
            ErrnoException.class, () -> Fd.open("/does/not/exist", Fd.O_RDONLY, 0).close());

    assertThat(failure)
        .hasMessage("open /does/not/exist failed: ENOENT (No such file or directory)");
    assertThat(failure.errno()).isEqualTo(Errno.ENOENT);
    assertThat(Errno.name(Errno.EACCES)).isEqualTo("EACCES");
    assertThat(Errno.name(95)).isEqualTo("EOPNOTSUPP");
    assertThat(Errno.name(4711)).isEqualTo("errno 4711");
  }

  @Test
  void aClosedDescriptorGivesItsNumberToNobody() throws Exception {
    Fd fd = Fd.open("/dev/null", Fd.O_RDWR, 0);
    assertThat(fd.number()).isNotNegative();
    fd.close();
    fd.close();

    assertThat(fd.isOpen()).isFalse();
    assertThatThrownBy(fd::number)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("/dev/null is closed");
  }

  @Test
  void bytesAreReadAndWrittenAtAPlace() throws Exception {
    String path = folder.resolve("file").toString();
    try (Fd fd = Fd.open(path, Fd.O_RDWR | Fd.O_CREAT, 0600);
        Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocateFrom(ValueLayout.JAVA_LONG, 42);
      assertThat(fd.pwrite(out, 100)).isEqualTo(8);
      MemorySegment in = arena.allocate(16, 8);
      assertThat(fd.pread(in, 100)).isEqualTo(8);
      assertThat(in.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(42);
      assertThat(fd.pread(in, 108)).isZero();
    }
  }

  @Test
  void eventsAreCountedAndTaken() throws Exception {
    try (EventFd event = EventFd.nonBlocking()) {
      assertThat(event.take()).isZero();
      event.signal();
      event.signal();
      assertThat(event.take()).isEqualTo(2);
      assertThat(event.take()).isZero();
    }
  }

  @Test
  void epollTellsWhoIsReady() throws Exception {
    try (Epoll epoll = new Epoll();
        EventFd one = EventFd.nonBlocking();
        EventFd two = EventFd.nonBlocking()) {
      epoll.add(one.fd(), Epoll.EPOLLIN, 1L << 40);
      epoll.add(two.fd(), Epoll.EPOLLIN, 2);
      assertThat(epoll.await(0)).isZero();

      one.signal();
      assertThat(epoll.await(-1)).isEqualTo(1);
      assertThat(epoll.token(0)).isEqualTo(1L << 40);
      assertThat(epoll.events(0)).isEqualTo(Epoll.EPOLLIN);

      two.signal();
      assertThat(epoll.await(-1)).isEqualTo(2);
      epoll.remove(one.fd());
      epoll.modify(two.fd(), Epoll.EPOLLOUT, 3);
      assertThat(epoll.await(-1)).isEqualTo(1);
      assertThat(epoll.token(0)).isEqualTo(3);
    }
  }

  @Test
  void tapNamesAreChecked() {
    assertThatThrownBy(() -> Tap.open("a-name-that-is-too-long"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Tap.open("")).isInstanceOf(IllegalArgumentException.class);
  }
}
