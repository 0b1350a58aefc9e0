using System.Net;
using System.Text;

namespace Verso.Cli;

/// <summary>
/// Gives Prometheus what it asks for, a look for each request (docs/decisions/0023-http.md).
/// </summary>
internal static class TopListener
{
    /// <summary>Of the exposition format.</summary>
    private const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Answers until somebody ends it.</summary>
    /// <param name="surroundings">Says where.</param>
    /// <param name="address">ADDRESS:PORT.</param>
    /// <param name="look">Makes the text.</param>
    /// <param name="token">Ends it.</param>
    internal static void Serve(Surroundings surroundings, string address, Func<string> look, CancellationToken token)
    {
        using HttpListener listener = new();
        listener.Prefixes.Add($"http://{address}/");
        try
        {
            listener.Start();
        }
        catch (HttpListenerException refused)
        {
            throw new IOException($"cannot listen on {address}: {refused.Message}", refused);
        }

        surroundings.Say($"verso top: http://{address}/metrics\n");
        using CancellationTokenRegistration ending = token.Register(listener.Stop);
        while (!token.IsCancellationRequested)
        {
            try
            {
                Answer(listener.GetContext(), look);
            }
            catch (Exception gone) when (gone is HttpListenerException or ObjectDisposedException
                or InvalidOperationException && token.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>Reads ADDRESS:PORT, of an address that this machine may have.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    internal static string Parse(string text) =>
        IPEndPoint.TryParse(text, out IPEndPoint? point) && point.Port > 0
            && text.EndsWith($":{point.Port}", StringComparison.Ordinal)
            ? point.ToString()
            : throw new UsageException($"--listen takes ADDRESS:PORT, as 127.0.0.1:9836, not '{text}'");

    // Who asks may go at any time; that is no trouble of ours.
    private static void Answer(HttpListenerContext context, Func<string> look)
    {
        try
        {
            using HttpListenerResponse response = context.Response;
            if (context.Request.HttpMethod is not ("GET" or "HEAD"))
            {
                response.StatusCode = (int)HttpStatusCode.MethodNotAllowed;
                return;
            }

            if (context.Request.Url?.AbsolutePath is not ("/metrics" or "/"))
            {
                response.StatusCode = (int)HttpStatusCode.NotFound;
                return;
            }

            byte[] text = Encoding.UTF8.GetBytes(look());
            response.ContentType = ContentType;
            response.ContentLength64 = text.Length;
            if (context.Request.HttpMethod == "GET")
            {
                response.OutputStream.Write(text);
            }
        }
        catch (Exception gone) when (gone is HttpListenerException or IOException or ObjectDisposedException)
        {
        }
    }
}
