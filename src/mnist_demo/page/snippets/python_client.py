from gradio_client import Client, handle_file

client = Client("URL")
answer = client.predict(handle_file("digit.png"), api_name="/classify")
print(answer["digit"], answer["confidence"])
