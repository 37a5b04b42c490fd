package io.vivarium.images.recipe;

import io.vivarium.images.BuildProgress;
import io.vivarium.images.ImageException;
import io.vivarium.images.store.ImageStore;
import java.nio.file.Path;

/**
 * A process that builds an image: {@code BuildMain HOME [CALL_OFF_AT]}, which is how a step begins.
 * Prints each step as it begins, then the digest or what failed with its cure; status 0, or 1.
 */
final class BuildMain {
  private BuildMain() {}

  public static void main(String[] args) throws Exception {
    BuildProgress progress =
        new BuildProgress() {
          private volatile boolean calledOff;

          @Override
          public void update(String step, double fraction) {
            System.out.println("step " + step);
            calledOff |= args.length > 1 && step.startsWith(args[1]);
          }

          @Override
          public void line(String text) {
            System.out.println("line " + text);
          }

          @Override
          public boolean cancelled() {
            return calledOff;
          }
        };
    try {
      System.out.println(
          "built " + new ImageStore(Path.of(args[0])).build(new DebianTiny(), progress).digest());
    } catch (ImageException e) {
      System.out.println("failed " + e.kind() + ": " + e.getMessage() + " " + e.cure());
      System.exit(1);
    }
  }
}
