package io.vivarium.desktop.jobs;

import io.vivarium.client.Progress;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import java.lang.System.Logger.Level;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;

/**
 * Runs everything that may block in the background and brings the results to the interface thread.
 * Work that changes something is a {@link Job} that the activity drawer lists; a mere reading is
 * not. The threads are platform threads: below, native calls block and would pin virtual ones, and
 * the host check runs a vCPU, which is bound to its thread.
 */
public final class Jobs implements AutoCloseable {
  /** Ended jobs that are remembered. */
  private static final int MAX_REMEMBERED = 100;

  /** Work with a result. */
  @FunctionalInterface
  public interface Work<T> {
    T run(Progress progress) throws VivariumException;
  }

  /** Work that is done or fails. */
  @FunctionalInterface
  public interface Action {
    void run(Progress progress) throws VivariumException;
  }

  /** A reading of something. */
  @FunctionalInterface
  public interface Reading<T> {
    T read() throws VivariumException;
  }

  private final ExecutorService threads =
      Executors.newCachedThreadPool(Thread.ofPlatform().daemon().name("job-", 0).factory());
  private final ObservableList<Job> all = FXCollections.observableArrayList();
  private final Executor interfaceThread;
  private final InstantSource clock;
  private final String internalCure;
  private final Map<String, Deque<Undo>> undos = new HashMap<>();
  private Consumer<Job> onFailure = job -> {};

  private record Undo(Job job, Runnable action) {}

  /**
   * @param interfaceThread runs what it is given on the interface thread, in order
   * @param internalCure what a user does about a fault of ours
   */
  public Jobs(Executor interfaceThread, InstantSource clock, String internalCure) {
    this.interfaceThread = interfaceThread;
    this.clock = clock;
    this.internalCure = internalCure;
  }

  /** All jobs, newest first. */
  public ObservableList<Job> all() {
    return all;
  }

  /** Told of each job that fails, on the interface thread. */
  public void onFailure(Consumer<Job> listener) {
    onFailure = listener;
  }

  /** Starts work; {@code done} gets its result on the interface thread. Call it there. */
  public <T> Job call(String title, String command, Work<T> work, Consumer<? super T> done) {
    Job job = new Job(title, command, clock.instant());
    job.setAgain(() -> call(title, command, work, done));
    all.addFirst(job);
    forgetOld();
    threads.execute(() -> perform(job, work, done));
    return job;
  }

  /** Starts work without a result; {@code done} is told on the interface thread. Call it there. */
  public Job run(String title, String command, Action action, Runnable done) {
    return call(
        title,
        command,
        progress -> {
          action.run(progress);
          return Boolean.TRUE;
        },
        result -> done.run());
  }

  /**
   * A job that was done can be taken back from now on. Of the jobs on one subject only the newest
   * can, until it was: things are undone in the reverse of their order.
   *
   * @param subject what the job changed, such as a VM's name
   * @param action starts the work that takes it back
   */
  public void offerUndo(String subject, Job job, Runnable action) {
    Deque<Undo> stack = undos.computeIfAbsent(subject, name -> new ArrayDeque<>());
    if (!stack.isEmpty()) {
      stack.getLast().job.setUndo(null);
    }
    stack.addLast(new Undo(job, action));
    if (stack.size() > MAX_REMEMBERED) {
      stack.removeFirst();
    }
    job.setUndo(() -> undoLast(subject));
  }

  /** Takes back the newest job on a subject; false when none is known here. */
  public boolean undoLast(String subject) {
    Deque<Undo> stack = undos.get(subject);
    if (stack == null || stack.isEmpty()) {
      return false;
    }
    Undo last = stack.removeLast();
    last.job.setUndo(null);
    if (!stack.isEmpty()) {
      stack.getLast().job.setUndo(() -> undoLast(subject));
    }
    last.action.run();
    return true;
  }

  /** Forgets what could be taken back, because the subject is another now. */
  public void forgetUndos(String subject) {
    Deque<Undo> stack = undos.remove(subject);
    if (stack != null && !stack.isEmpty()) {
      stack.getLast().job.setUndo(null);
    }
  }

  /** Reads something in the background; one of the two is told on the interface thread. */
  public <T> void read(
      Reading<T> reading, Consumer<? super T> done, Consumer<VivariumException> failed) {
    if (threads.isShutdown()) {
      // The window is closed: nobody is there to be told.
      return;
    }
    threads.execute(
        () -> {
          try {
            T result = reading.read();
            interfaceThread.execute(() -> done.accept(result));
          } catch (VivariumException e) {
            interfaceThread.execute(() -> failed.accept(e));
          } catch (RuntimeException e) {
            System.getLogger(Jobs.class.getName()).log(Level.ERROR, "A reading failed", e);
            interfaceThread.execute(() -> failed.accept(internal(e)));
          }
        });
  }

  /** Runs something on the interface thread. */
  public void onInterfaceThread(Runnable task) {
    interfaceThread.execute(task);
  }

  private <T> void perform(Job job, Work<T> work, Consumer<? super T> done) {
    JobProgress progress = new JobProgress(job, interfaceThread);
    try {
      T result = work.run(progress);
      progress.flush();
      interfaceThread.execute(
          () -> {
            job.end(Job.State.DONE, null, clock.instant());
            done.accept(result);
          });
    } catch (VivariumException e) {
      progress.flush();
      interfaceThread.execute(() -> fail(job, e));
    } catch (RuntimeException e) {
      progress.flush();
      System.getLogger(Jobs.class.getName()).log(Level.ERROR, job.title(), e);
      interfaceThread.execute(() -> fail(job, internal(e)));
    }
  }

  private void fail(Job job, VivariumException why) {
    if (why.kind() == Kind.CANCELLED) {
      job.end(Job.State.CANCELLED, null, clock.instant());
      return;
    }
    job.end(Job.State.FAILED, why, clock.instant());
    onFailure.accept(job);
  }

  private VivariumException internal(RuntimeException e) {
    return new VivariumException(Kind.INTERNAL, e.toString(), internalCure, e);
  }

  private void forgetOld() {
    for (int i = all.size() - 1; i >= MAX_REMEMBERED; i--) {
      if (all.get(i).state() != Job.State.RUNNING) {
        all.remove(i);
      }
    }
  }

  /** Leaves running work alone: it ends with the process. */
  @Override
  public void close() {
    threads.shutdownNow();
  }
}
