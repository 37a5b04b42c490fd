package io.vivarium.library;

import io.vivarium.client.Finding;
import io.vivarium.client.Progress;
import io.vivarium.client.VivariumException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Lets a step of what is kept fail, for tests of those who keep it. */
public final class FailingSteps {
  private FailingSteps() {}

  /** Something that changes the library, in this thread. */
  public interface Work {
    void run() throws Exception;
  }

  private static final class Fail implements FileSteps {
    private final int at;
    private int steps;

    Fail(int at) {
      this.at = at;
    }

    @Override
    public void before(Kind kind, Path path, @Nullable Path target) throws IOException {
      if (steps++ == at) {
        throw new IOException("Input/output error: " + kind + " " + path);
      }
    }
  }

  /**
   * Does it while one step fails. That it fails then too is no error of the test.
   *
   * @return whether there was such a step
   */
  public static boolean at(int step, Work work) throws Exception {
    Fail fail = new Fail(step);
    try {
      ScopedValue.where(DurableFiles.STEPS, fail)
          .call(
              () -> {
                work.run();
                return fail;
              });
    } catch (VivariumException | IOException e) {
      if (fail.steps <= step) {
        throw e;
      }
    }
    return fail.steps > step;
  }

  /** What {@code viv fsck} finds. */
  public static List<Finding> fsck(Home home, boolean repair) throws Exception {
    return LibraryCheck.check(Library.open(home), List.of(), repair, Progress.NONE);
  }
}
