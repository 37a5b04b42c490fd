package io.vivarium.cli;

import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;

/**
 * Hears SIGWINCH, by which a terminal tells that its size has changed. Java has no supported way to
 * hear a signal; its unsupported one is reached by reflection, and where it is missing the size is
 * told once, at the start.
 */
final class WindowChanges {
  private WindowChanges() {}

  /** From now on, for the life of this process, each change runs {@code changed}. */
  static void listen(Runnable changed) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object hears =
          Proxy.newProxyInstance(
              handler.getClassLoader(),
              new Class<?>[] {handler},
              (proxy, method, arguments) -> answer(proxy, method.getName(), arguments, changed));
      Object winch = signal.getConstructor(String.class).newInstance("WINCH");
      signal.getMethod("handle", signal, handler).invoke(null, winch, hears);
    } catch (ReflectiveOperationException e) {
      System.getLogger(WindowChanges.class.getName())
          .log(System.Logger.Level.DEBUG, "changes of the window's size are not heard", e);
    }
  }

  private static @Nullable Object answer(
      Object proxy, String method, Object @Nullable [] arguments, Runnable changed) {
    return switch (method) {
      case "handle" -> {
        changed.run();
        yield null;
      }
      case "hashCode" -> System.identityHashCode(proxy);
      case "equals" ->
          arguments != null
              && System.identityHashCode(arguments[0]) == System.identityHashCode(proxy);
      default -> "window changes";
    };
  }
}
